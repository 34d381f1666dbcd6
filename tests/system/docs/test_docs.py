"""The documentation agrees with the code: links, settings, metrics, names of tests and of pages."""
import re
from functools import cache

import pytest

from stack.plan import ROOT

PAGES = [page for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").rglob("*.md")])
         if page.name != "CHANGELOG.md"]
SOURCES = [*(ROOT / "common").rglob("*.[ch]"), *(ROOT / "services").rglob("*.[ch]")]
FOR_TESTS_ONLY = {"CRASH_AT", "STOP_AT"}


def name_of(page):
    return str(page.relative_to(ROOT))


@cache
def text_of(page):
    return page.read_text()


@cache
def anchors_of(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text_of(page), flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`\n]*`", "", text_of(page), flags=re.S)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors_of(found)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page):
    assert list(broken_links(page)) == []


def test_every_page_can_be_reached_from_the_index():
    reached, ahead = set(), [ROOT / "docs/README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        ahead += [(page.parent / path).resolve() for path in re.findall(r"\]\(([^)#\s:]+)", text_of(page))]
    assert sorted(name_of(page) for page in (ROOT / "docs").rglob("*.md") if page not in reached) == []


def settings_in_code():
    """The names in config calls and, in files that have such calls, in tables of settings."""
    reading = [text_of(source) for source in SOURCES if re.search(r"config_(int|text)\(", text_of(source))]
    pattern = r'config_(?:int|text)\("(\w+)"|"([A-Z]+(?:_[A-Z]+)+)"'
    return {name for text in reading for names in re.findall(pattern, text) for name in names if name} - FOR_TESTS_ONLY


def test_every_setting_is_documented_and_every_documented_one_exists():
    page = text_of(ROOT / "docs/reference/settings.md")
    services_part = page[:page.index("## Gateway")]
    documented = {name for row in re.findall(r"^\| (`.*?) \|", services_part, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert documented == settings_in_code()


def test_every_metric_is_documented_and_every_documented_one_exists():
    documented = {name for row in re.findall(r"^\| (`.*?) \|", text_of(ROOT / "docs/reference/metrics.md"), re.M)
                  for name in re.findall(r"`(backroom_\w+)", row)}
    in_code = {name for source in SOURCES if source.suffix == ".c"
               for name in re.findall(r"\bbackroom_[a-z_]+", " ".join(re.findall(r'"(?:[^"\\]|\\.)*"', text_of(source))))}
    parts_of_histograms = {name for name in in_code if re.search(r"_(bucket|sum|count)$", name)}
    assert documented == in_code - parts_of_histograms


def test_every_test_that_a_page_names_exists():
    tests = [text_of(path) for path in (ROOT / "tests").rglob("*.py")]
    known = {name for text in tests for name in re.findall(r"def (test_\w+)\(", text)}
    files = {path.name for path in (ROOT / "tests").rglob("test_*")}
    named = {(name_of(page), name) for page in PAGES for name in re.findall(r"`(test_\w+(?:\.\w+)?)`", text_of(page))}
    assert sorted(pair for pair in named if pair[1] not in known | files) == []


def test_every_page_that_the_code_names_exists():
    folders = ("common", "services", "tools", "tests", "bench", "deploy")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()
             and path.suffix in (".c", ".h", ".py", ".sql", ".sh", ".yml", ".conf", ".cfg", "")]
    named = {(name_of(path), page) for path in [*files, ROOT / "Makefile", ROOT / "CMakeLists.txt", ROOT / "docker-compose.yml"]
             for page in re.findall(r"\bdocs/[\w/.-]+\.md", path.read_text(errors="ignore"))}
    assert sorted(pair for pair in named if not (ROOT / pair[1]).exists()) == []
