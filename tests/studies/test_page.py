import base64

from amorphology.studies.page import cards, code, document, figure, table


def test_text_is_escaped():
    for html in (
        cards([("a<b", "1 & 2", "<i>", "x > y")]),
        table(["<b>", "c"], [["<script>", "&"]], numbers=[1]),
        code("if a < b: pass"),
        document("a <b>", []),
    ):
        for raw in ("a<b", "<i>", "<b>:", "<script>", " & ", "a <b>", "a < b"):
            assert raw not in html


def test_table_sets_numbers_flush_right_and_the_sum_apart():
    html = table(["stage", "seconds"], [["one", "1.0"], ["all", "1.0"]], numbers=[1], sums=1)
    assert '<tr><td>one</td><td class="n">1.0</td></tr>' in html
    assert '<tr class="sum"><td>all</td>' in html


def test_figure_carries_its_picture(tmp_path):
    path = tmp_path / "a.svg"
    path.write_text("<svg/>")
    html = figure(path, 'a "dot"', "<b>One</b> dot.", width=900)
    assert base64.b64encode(b"<svg/>").decode() in html
    assert 'alt="a &quot;dot&quot;"' in html
    assert "max-width:900px;min-width:600px" in html


def test_document_is_a_page_for_small_screens_too():
    html = document("Title", ["<p>one</p>", "<p>two</p>"])
    assert html.startswith("<!doctype html>")
    assert html.index("one") < html.index("two")
    assert 'name="viewport"' in html
