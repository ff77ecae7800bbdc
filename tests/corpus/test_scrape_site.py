"""Addresses are written in one way, private ones are told, and a site's file says which pages are its own."""

from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from corpus.scrape import extract
from corpus.scrape.address import canonical, is_public
from corpus.scrape.draft import _patterns, _shape
from corpus.scrape.site import parse_site, read_site
from tests.corpus.made_site import FILE, site


@pytest.mark.parametrize(
    ("written", "once"),
    [
        ("HTTPS://Essays.Example:443/a b/글#here", "https://essays.example/a%20b/%EA%B8%80"),
        ("https://essays.example/x;jsessionid=A1?utm_source=b&q=%EA%B8%80&p", "https://essays.example/x?q=%EA%B8%80&p"),
        ("https://essays.example", "https://essays.example/"),
        ("https://글.example/", "https://xn--bj0b.example/"),
        ("../b", "https://essays.example/b"),
        ("mailto:me@essays.example", None),
        ("javascript:void(0)", None),
        ("file:///etc/passwd", None),
        ("https://me:secret@essays.example/", None),
        ("https://essays.example:99999/", None),
        ("https://[broken/", None),
        ("https://essays.example/" + "a" * 3000, None),
    ],
)
def test_an_address_is_written_in_one_way(written: str, once: str | None) -> None:
    assert canonical(written, ["utm_source", "jsessionid"], "https://essays.example/a/c") == once


def test_the_parameters_of_a_cp949_page_are_in_cp949() -> None:
    assert canonical("/list?q=글", base="https://a.example/", encoding="cp949") == "https://a.example/list?q=%B1%DB"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 192.0.2.1
    255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1
    64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 nonsense""".split(),  # noqa: SIM905
)
def test_private_and_reserved_addresses_are_not(address: str) -> None:
    assert not is_public(address)


def test_a_site_knows_its_pages() -> None:
    kinds = {path: site("exclude = ['/essay/13']").kind(f"https://essays.example{path}") for path in PAGES}
    assert kinds == PAGES


PAGES = {"/essay/12": "essay", "/list?page=2": "listing", "/about": None, "/essay/13": None, "/essay/12/print": None}


def test_a_pattern_may_be_in_korean() -> None:
    assert (
        parse_site(FILE.replace("/list", "/목록"), "e", "e").kind("https://e.example/%EB%AA%A9%EB%A1%9D/2") == "listing"
    )


def test_a_link_out_of_the_site_is_none_of_its_addresses() -> None:
    assert site().address("//other.example/essay/1", "https://essays.example/") is None
    assert site().address("/essay/1", "https://essays.example/") == "https://essays.example/essay/1"
    assert site("hosts = ['other.example']").address("https://Other.example/essay/1") == "https://other.example/essay/1"


def test_hosts_with_korean_names_are_compared_as_they_are_sent() -> None:
    korean = parse_site(FILE.replace("essays.example", "글.example"), "e", "e")
    assert korean.address("https://글.example/essay/1") == "https://xn--bj0b.example/essay/1"
    assert site("hosts = ['글.Example']").address("https://xn--bj0b.example/") == "https://xn--bj0b.example/"
    assert site("hosts = ['글.example']").address("https://essays.example/") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILE.replace('contact = "me@example.org"', ""), "has no contact"),
        (FILE.replace("me@example.org", "me"), "contact is me, but needs: your e-mail"),
        (FILE.replace("https://essays.example/", "essays.example"), "start is .* but needs: addresses such as"),
        (FILE.replace("\\d+$", "("), "essays is .* but needs: regular expressions"),
        (FILE + f"hosts = ['{'글' * 70}']", "hosts is .* but needs: names such as"),
        (FILE + "esays = []", "there is no esays"),
        (FILE + "[limits]\npagse = 3", "there is no limits.pagse"),
        (FILE + "[limits]\npages = 0", "limits.pages is 0, but needs: "),
        (FILE + '[select]\ntext = "div["', "select.text is div\\[, but needs: a CSS selector"),
        (FILE + "name = '../up'", "name is ../up, but needs"),
        ("contact =", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_told_by_its_key(text: str, told: str) -> None:
    with pytest.raises(GeulgamError, match=told) as error:
        parse_site(text, "essays", "essays.toml")
    assert str(error.value).startswith("essays.toml") and "\n" not in str(error.value)


def test_a_misspelt_key_is_corrected() -> None:
    with pytest.raises(GeulgamError) as error:
        parse_site(FILE + "[limits]\npagse = 3", "essays", "essays.toml")
    assert error.value.hint == "did you mean pages?"


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="there is no") as error:
        read_site(tmp_path / "none.toml")
    assert "--new" in error.value.hint


def test_a_quote_in_a_link_makes_a_pattern_that_a_site_s_file_may_have() -> None:
    link = "https://essays.example/writer's/essay-1"
    drafted = parse_site(FILE.replace("['/essay/\\d+$']", _patterns([_shape(link)])), "e", "e")
    assert drafted.kind(link) == drafted.kind(link.replace("1", "20")) == "essay"


def test_a_base_that_is_no_address_is_passed_over() -> None:
    tree = extract.parsed("<html><head><base href='http://[broken'></head><body>글</body></html>")
    assert extract.base(tree, "https://essays.example/a/") == "https://essays.example/a/"
    tree = extract.parsed("<html><head><base href='/b/'></head><body>글</body></html>")
    assert extract.base(tree, "https://essays.example/a/") == "https://essays.example/b/"
