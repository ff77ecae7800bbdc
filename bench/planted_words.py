"""Words and sentences, all made up, that planted junk is drawn from."""

THINGS = (
    "여권 우산 칫솔 수건 양말 충전기 모자 선크림 상비약 물통 장갑 손전등 베개 담요 카메라 노트 볼펜 지갑 안경 "
    "비누 면도기 슬리퍼 운동화 배터리 텐트 침낭 돗자리 냄비 라이터 휴지 가위 테이프 망치 나사못 전구 화분 시계 거울"
).split()
FOODS = (
    "양파 대파 마늘 간장 고추장 참기름 설탕 소금 후추 두부 달걀 감자 당근 애호박 돼지고기 소고기 닭고기 고춧가루 "
    "된장 식초 올리고당 버섯 콩나물 시금치 멸치 다시마 밀가루 우유 버터 치즈 식용유 맛술 깨소금 오이 배추 무"
).split()
DISHES = (
    "김치찌개 된장찌개 제육볶음 불고기 비빔밥 냉면 잔치국수 떡볶이 순두부찌개 갈비탕 삼계탕 파전 잡채 닭볶음탕 "
    "감자조림 계란말이 콩나물국 미역국 오징어볶음 돈가스 우동 칼국수 만둣국 부대찌개 해물탕 아귀찜 보쌈 족발 파스타 피자"
).split()
UNITS = ["큰술", "작은술", "컵", "개", "g", "ml", "스푼", "쪽", "줌", "모", "대", "꼬집"]
TITLES = (
    "푸른 언덕의 집,달이 뜨는 강,겨울 정원,오래된 편지,바람의 지도,작은 섬 이야기,돌담 너머,저녁의 무늬,빈 의자,"
    "첫눈 오는 날,물고기의 꿈,구름 아래 마을,느린 기차,종이배,늦은 인사,숲의 시간,하얀 창문,두 번째 계절,파도 소리,낮은 담"
).split(",")  # fmt: skip
PLACES = (
    "강릉 속초 경주 전주 여수 통영 제주 남해 안동 춘천 목포 군산 담양 순천 부산 대구 인천 수원 양평 가평 포항 거제 단양 평창"
).split()
PEOPLE = ["김민수", "이영희", "박철호", "최은정", "정하늘", "강도윤", "조서연", "윤지호"]
GOODS = (
    "다이어트 한약,실비보험,중고차,공기청정기,홍삼 세트,임플란트,인테리어 시공,포장이사,분양 아파트,건강식품,"
    "영어 과외,탈모 샴푸,골프채,정수기 렌탈,신용대출,매트리스,캠핑용품,네일아트,필라테스 회원권,꽃배달"
).split(",")  # fmt: skip
STEPS = [
    "{a}는 깨끗이 씻어 {n}mm 두께로 썬다.", "냄비에 물을 붓고 {a}을 넣어 {n}분간 끓인다.",
    "팬에 기름을 두르고 {a}와 {b}를 볶아주세요.", "{a}가 익으면 {b}를 넣고 섞어 줍니다.",
    "양념장을 넣고 {n}분 정도 재워 둔다.", "중불로 줄여 {n}분 더 졸여 주세요.", "{a}는 채 썰고 {b}는 다져서 준비한다.",
    "불을 끄고 {a}을 뿌려 마무리한다.", "그릇에 담아 {b}를 올리면 {dish} 완성!", "거품은 걷어 내고 간을 맞춘다.",
    "{a}를 끓는 물에 {n}초간 데친 뒤 찬물에 헹군다.", "볼에 {a}, {b}를 넣고 조물조물 무친다.",
]  # fmt: skip
VERBS = [
    "서비스 제공을 위하여 필요한 범위에서 개인정보를 수집할 수 있습니다.", "관련 법령이 정하는 바에 따라 이를 보관합니다.",
    "다음 각 호의 행위를 하여서는 안 됩니다.", "사전 고지 없이 서비스의 일부를 변경할 수 있습니다.",
    "본인의 귀책사유로 발생한 손해에 대하여 책임을 집니다.", "동의를 거부할 권리가 있습니다.",
    "약관에 동의함으로써 효력이 발생합니다.", "이용 계약을 해지할 수 있으며 회사는 즉시 처리합니다.",
]  # fmt: skip
BUTTONS = ["첨부파일 다운로드", "목록 이전글 다음글", "조회수 132 | 작성자 관리자", "홈페이지 바로가기", "감사합니다."]
SENTENCES = [
    "아침에 눈을 뜨니 창밖이 온통 하얗게 덮여 있었다.", "어머니는 부엌에서 국을 끓이며 라디오를 들으셨다.",
    "나는 낡은 외투를 걸치고 골목 끝까지 걸어갔다.", "버스 정류장에는 아무도 없고 바람만 불었다.",
    "오래전 이 길을 함께 걷던 친구가 문득 생각났다.", "그는 말이 적었지만 웃을 때면 눈이 먼저 웃었다.",
    "가게 문은 닫혀 있었고 유리창에 먼지가 앉아 있었다.", "돌아오는 길에 군고구마 한 봉지를 샀다.",
    "봉지의 온기가 손바닥을 지나 가슴까지 올라왔다.", "집에 오니 국은 식었고 라디오는 여전히 켜져 있었다.",
    "우리는 말없이 고구마 껍질을 벗겼다.", "그 저녁의 냄새를 나는 아직도 잊지 못한다.",
    "살다 보면 사소한 것이 오래 남는다.", "눈은 밤새 내렸고 발자국은 모두 지워졌다.",
    "다음 날 학교에 가니 자리가 하나 비어 있었다.", "선생님은 출석부를 덮고 한참 창밖을 보셨다.",
]  # fmt: skip
ENGLISH = [
    "The morning was cold and the street was almost empty.", "She walked to the station with a small brown bag.",
    "Nobody knew why the shop had been closed for a week.", "I remember the sound of rain on the tin roof.",
    "My grandfather used to tell stories about the sea.", "It took us three hours to reach the top of the hill.",
    "He opened the letter and read it twice in silence.", "We sat by the window and watched the boats come in.",
    "There is something comforting about an old kitchen.", "The children ran ahead, laughing at the wind.",
    "After dinner we talked about the house we had left.", "Some days I still look for his face in the crowd.",
    "The road bends twice before it reaches the village.", "In the end it was a simple thing that changed my mind.",
]  # fmt: skip
