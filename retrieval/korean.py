"""Korean words that tell nothing of what a text is about, and how two nouns are put together."""

# Of time and degree, of thinking and saying, and those that only hold a sentence together: they tell nothing of what a
# passage is about, though some passages have more of them than others.
_EMPTY = """
당시 아까 시각 해당 전형 작용 약간 당연히 급기야 오죽 미리 이튿날 이틀 오롯이 사흘 나흘 열흘 제일 양쪽 왼쪽 오른쪽
근처 사실 경우 정도 이유 동안 시절 이번 순간 다음 후 때문 필요 자신 모습 상황 때 날 요즘 오늘 어제 내일 이후 이전 지금
중간 처음 마지막 자체 부분 사람 생각 말 일 곳 것 나름 대신 가지 덕분 이상 이하 이외 정말 너무 아주 매우 항상 전혀 가장
그냥 왜 다 더 잘 안 못 또 다시 조금 많이 아직 이미 벌써 이제 그저 바로 모두 자주 가끔 매일 어찌 어쩜 어쩌면 얼마나
그만큼 그렇게 이렇게 저렇게 아무리 비록 결국 갑자기 드디어 점점 계속 거의 훨씬 무척 별로 특히 물론 만약 혹시 과연
비로소 문득 여전히 오히려 먼저 일단 우선 서로 스스로 함부로 도대체 차라리 아마 마치 굳이 꼭 늘 언제 어디 어떻게 무엇
누구 하나 둘 셋 위 앞 뒤 옆 밖 속 아래 밑 쪽 중 전 간 내 외 번 년 월 시 분 개월 시간 하루 며칠 애초 최근 나중 그날
그때 방금 한참 잠시 잠깐 어느새 천천히 끝 아무것 정작 굉장히 제법 꽤 몹시 매번 원래 역시 어차피 실제 대부분 일부 전부
각자 각각 여러 한번 차례 방법 문제 의미 대상 내내 내용 결과 과정 관련 종류 수준 형태 측면 입장 기준 점 면 식 듯 채
만큼 대로 뿐 여기 저기 거기 이곳 그곳 여기저기 어느덧 그리 존재 느낌 기분 모양 사이 이야기 그것 이것 저것 도착 시작
진행 이용 사용 선택 발견 포기 마무리 준비 반복 이맘때 서서히 빨리 새 제자리 주위 주변 시도 시기 확인 연락 평생 약속
하다 되다 있다 없다 같다 보다 오다 가다 주다 받다 들다 나다 나오다 나가다 들어가다 들어오다 놓다 두다 대하다 통하다
인하다 위하다 따르다 의하다 향하다 알다 모르다 싶다 좋다 많다 크다 작다 이렇다 그렇다 저렇다 어떻다 이러다 그러다
어쩌다 아니다 말하다 생각하다 느끼다 지나다 되어다 보이다 가지다 만들다 시키다 나누다 다르다 새롭다 쉽다 어렵다 길다
짧다 높다 낮다 넘다 남다 오르다 내리다 걸리다 끝나다 마치다 바라보다 다니다 찾다 찾아오다 찾아가다 데리다 붙다 넣다
쓰이다 챙기다 고맙다 못하다 지내다 살다 생기다 얻다 관하다 어리다 빠지다 이르다 쓰다 빼다 내다 지니다 특별하다
출발하다 확인하다 시도하다 시작하다 준비하다 사용하다 필요하다 도착하다
"""
_SAYS_NOTHING = frozenset(_EMPTY.split())


def says_nothing(term: str) -> bool:
    """Whether a term (a verb in its dictionary form) tells nothing of what a passage is about."""
    return term in _SAYS_NOTHING


def joined(first: str, second: str) -> str:
    """Two nouns as one phrase, "바다와 섬", "골목과 비"; after what is no Korean syllable with a comma."""
    if not "가" <= first[-1:] <= "힣":
        return f"{first}, {second}"
    return f"{first}{'과' if (ord(first[-1]) - ord('가')) % 28 else '와'} {second}"
