"""The page in a browser: search, filters, paging, and values that stay text."""

import pytest
from msgspec.structs import replace

from ctsync.model.change import Change, Origin
from ctsync.model.profile_key import ProfileKey
from ctsync.render.plan_view import Style
from ctsync.render.renderers import renderer_for

pytestmark = pytest.mark.browser

MARKUP = (
    '</script><script>document.title="pwned"</script>'
    "<img src=/pwned onerror=\"document.title='pwned'\"><!-- &lt;"
)
ACTING = "\x1b[31mred\n\t\x00\u202ereversed\u2028\u200b\ufeff"


@pytest.fixture
def opened(browser):
    return lambda view, **style: browser.open(
        renderer_for("html").render(view, Style(**style))
    )


@pytest.fixture
def some(a, opened):
    """A change of every risk, and some without; keys stand against their risks."""

    def one(key, *operations, **rest):
        return a.change(key, *operations, **rest)

    loses = a.operation("Gender", "$delete", 1, before="M", after=None)
    counts = a.operation("Points", "$incr", 20, kind="counter", before=100, after=120)
    return opened(
        a.view(
            one("u1", a.operation(before="Free"), origins=(Origin("tables.yaml", 9),)),
            one("u2", a.operation("Tier", operand="New York", before="Free")),
            one("u3", a.operation("Level", prior="unknown", operand="high")),
            one("u4", counts),
            one("u5", a.operation(), action="create"),
            one("u6", a.operation("MSG-email", operand=True), opt_in=True),
            one("u7", loses, counts),
            one("u8", action="release", released=("Old Plan",)),
        )
    )


@pytest.fixture
def many(a, opened):
    operation = a.operation(before="Free")
    changes = [a.change(f"u{n:03}", operation) for n in range(120)]
    return opened(a.view(*changes))


def test_the_page_asks_for_nothing_but_itself(a, opened, jack, site):
    browser = opened(a.view(jack))
    assert browser.requested() == [site.url]
    assert site.asked == ["/plan.html"]


def test_the_script_shows_what_readers_without_it_see(a, browser, jack):
    view = a.view(jack, a.change("u2", a.operation(), action="create"))
    pieces = [*renderer_for("html").render(view, Style())]
    browser.scripting(enabled=False)
    browser.open(pieces)
    static = browser.element("#list").get_attribute("outerHTML")
    browser.scripting(enabled=True)
    browser.open(pieces)
    assert browser.element("#list").get_attribute("outerHTML") == static


def test_without_javascript_there_is_no_tool_that_does_nothing(a, browser, jack):
    changes = [replace(jack, key=ProfileKey("identity", f"u{n}")) for n in range(60)]
    browser.scripting(enabled=False)
    browser.open(renderer_for("html").render(a.view(*changes), Style()))
    assert not browser.element("#tools").is_displayed()
    assert "50 riskiest of 60" in browser.element("noscript").text
    assert len(browser.driver.find_elements("css selector", "#list > li")) == 50


def test_the_riskiest_changes_come_first_or_keys_in_order(some):
    assert some.keys == ["u6", "u7", "u5", "u4", "u3", "u1", "u2", "u8"]
    some.choose("order", "key")
    assert some.keys == ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"]


def test_what_is_locked_comes_before_all_but_opt_ins(a, opened):
    loses = a.operation("Gender", "$delete", 1, before="M", after=None)
    locked = a.change("u2", a.operation("Email", before="x"), locked=("Email",))
    browser = opened(a.view(a.change("u1", loses), locked))
    assert browser.keys == ["u2", "u1"]
    assert browser.texts("#list .tag") == ["locked", "removal"]
    assert browser.texts("#list .soft") == [
        "locked by the catalog: this blocks the plan"
    ]
    browser.chip("Locked").click()
    assert browser.keys == ["u2"]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("u4", ["u4"]),
        ("IDENTITY u4", ["u4"]),
        ("gender", ["u7"]),
        ("york", ["u2"]),
        ('"new york"', ["u2"]),
        ("tables.yaml", ["u1"]),
        ("$incr", ["u7", "u4"]),
        ("$incr gender", ["u7"]),
        ('"old plan"', ["u8"]),
        ("create", ["u5"]),
        ("unknown", ["u3"]),
        ("u9", []),
        (".*", []),
    ],
)
def test_search_finds_what_is_shown(some, words, keys):
    some.type(words)
    assert some.keys == keys
    assert ("None of 8" in some.count) == (not keys)


def test_what_was_searched_for_is_marked(some):
    some.type("york")
    assert some.texts("mark") == ["York"]
    assert some.texts("#list .value") == ['"Free"', '"New York"']


@pytest.mark.parametrize(
    ("label", "keys"),
    [
        ("Removals", ["u7"]),
        ("Opt-ins", ["u6"]),
        ("Creations", ["u5"]),
        ("Counters", ["u7", "u4"]),
        ("Uncertain", ["u3"]),
        ("Releases", ["u8"]),
        ("Other", ["u1", "u2"]),
    ],
)
def test_a_filter_shows_its_risk(some, label, keys):
    chip = some.chip(label)
    assert chip.text.split() == [label, str(len(keys))]
    chip.click()
    assert some.keys == keys
    assert chip.get_attribute("aria-pressed") == "true"
    chip.click()
    assert len(some.keys) == 8


def test_filters_add_up_and_search_narrows_them(some):
    some.chip("Counters").click()
    some.chip("Other").click()
    assert some.keys == ["u7", "u4", "u1", "u2"]
    some.type("points")
    assert some.keys == ["u7", "u4"]
    assert some.chip("Counters").text.split() == ["Counters", "2"]


def test_an_attribute_is_chosen_in_the_list_or_the_chart(some):
    some.element("#attribute option:not([value=''])").click()
    assert some.keys == ["u7"]
    (row,) = (
        button
        for button in some.driver.find_elements("css selector", ".chart button")
        if button.text == "Old Plan"
    )
    row.click()
    assert some.keys == ["u8"]


def test_a_count_leads_to_the_people_it_counts(a, opened):
    gone = a.change("gone", action="release", released=("Plan",), origins=())
    hidden = a.change("jack@example.com", a.operation(), action="create")
    joins = a.change("u1", a.operation("MSG-email", operand=True), opt_in=True)
    browser = opened(a.view(gone, hidden, joins, profiles={"undeclared": 3}))

    def follow(words):
        (link,) = (
            each
            for each in browser.driver.find_elements("css selector", "button.link")
            if each.text == words
        )
        link.click()
        return browser.keys

    assert follow("named nowhere") == ["gone"]
    assert browser.texts("#list .tag") == ["release", "named nowhere"]
    assert follow("opted in") == ["u1"]
    assert follow("create") == ["people/jack.yaml:3"]
    assert follow("Profiles opted in") == ["u1"]
    assert browser.chip("Opt-ins").get_attribute("aria-pressed") == "true"
    assert browser.chip("Creations").get_attribute("aria-pressed") == "false"


def test_no_filter_is_for_people_named_nowhere_where_there_are_none(a, opened):
    browser = opened(a.view(a.change("u1", a.operation(before="Free"))))
    assert "Named nowhere" not in browser.texts(".chip span")


def test_a_key_press_searches_and_clears(some):
    some.element("body").send_keys("/")
    some.driver.switch_to.active_element.send_keys("york")
    some.settle()
    assert some.keys == ["u2"]
    some.driver.switch_to.active_element.send_keys("\ue00c")
    assert len(some.keys) == 8
    assert some.element("#search").get_attribute("value") == ""


def test_pages_are_turned_by_buttons_keys_and_number(many):
    assert (many.keys[0], len(many.keys)) == ("u000", 50)
    assert not many.element("#previous").is_enabled()
    many.element("#next").click()
    assert many.keys[0] == "u050"
    many.element("body").send_keys("\ue014")
    assert many.keys == [f"u{n}" for n in range(100, 120)]
    assert not many.element("#next").is_enabled()
    many.element("body").send_keys("\ue012")
    assert many.keys[0] == "u050"
    many.element("#page").clear()
    many.element("#page").send_keys("99\ue007")
    assert many.keys[0] == "u100"


def test_pages_can_be_longer(many):
    many.element("#next").click()
    many.choose("size", "200")
    assert len(many.keys) == 120
    assert many.element("#pages").text == "of 1"


def test_dark_follows_the_system(some):
    project_view = "return getComputedStyle(document.body).backgroundColor"
    some.emulate(prefers_color_scheme="light")
    light = some.run(project_view)
    some.emulate(prefers_color_scheme="dark")
    assert some.run(project_view) != light


def test_hostile_values_are_text(a, opened, site):
    operations = (
        a.operation(MARKUP, operand=MARKUP, before=ACTING),
        a.operation(ACTING, "$add", (MARKUP, ACTING), kind="list"),
    )
    origin = Origin(MARKUP, 1)
    changes = (
        Change(
            ProfileKey("identity", MARKUP), "update", operations, (origin,), (MARKUP,)
        ),
        Change(ProfileKey("FBID", ACTING), "update", operations, (Origin(ACTING, 1),)),
    )
    rule = a.rule(rule="limits.update", limit="0", actual=1, accept=MARKUP)
    browser = opened(
        a.view(*changes, environment=MARKUP, blocked=(rule,), targets=(MARKUP,))
    )
    browser.type("img")
    assert MARKUP in browser.keys
    assert "pwned" not in browser.driver.title
    assert browser.texts("img") == []
    assert site.asked == ["/plan.html"]
    shown = browser.run("return document.body.textContent")
    assert not set(shown) & set("\x1b\t\x00\u202e\u2028\u200b\ufeff")
    assert "\\u202ereversed" in shown


def test_a_value_of_another_script_keeps_its_signs_in_order(a, opened):
    added = a.operation("Interests", "$add", ("\u05e9\u05dc", "b"), kind="list")
    browser = opened(a.view(a.change("u", added)))
    left = """
    const text = document.querySelector("#list .value").firstChild;
    const range = document.createRange();
    return [0, text.length - 1].map((at) => {
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    });
    """
    first, last = browser.run(left)
    assert first < last


def test_the_policy_stops_what_would_get_through(a, chromium, opened, jack, site):
    browser = opened(a.view(jack))
    browser.run("document.body.insertAdjacentHTML('beforeend', arguments[0])", MARKUP)
    browser.settle()
    assert browser.driver.title != "pwned"
    assert site.asked == ["/plan.html"]
    refused = [entry["message"] for entry in chromium.get_log("browser")]
    assert refused
    assert all("Content Security Policy" in message for message in refused)


def test_a_hundred_thousand_changes_can_be_searched(
    a, opened, record_testsuite_property
):
    operation = a.operation(before="Free")
    change = a.change("u", operation, operation, origins=(Origin("a.csv", row=1),))
    view = a.view(
        profiles={"update": 100_000},
        changes=lambda: (
            replace(change, key=ProfileKey("identity", f"u{n:06}"))
            for n in range(100_000)
        ),
    )
    browser = opened(view)
    record_testsuite_property("load_ms", browser.run(_LOADED))
    for words in ("gold", "u099999"):
        took = browser.driver.execute_async_script(_SEARCHED, words)
        record_testsuite_property(f"search_{words}_ms", took)
    assert browser.keys == ["u099999"]
    assert browser.count == "1 of 100,000 changes"


_LOADED = (
    "return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
)
_SEARCHED = """
const [words, done] = arguments;
const start = performance.now();
new MutationObserver((_, observer) => {
  observer.disconnect();
  done(performance.now() - start);
}).observe(document.getElementById("list"), { childList: true });
const search = document.getElementById("search");
search.value = words;
search.dispatchEvent(new Event("input"));
"""
