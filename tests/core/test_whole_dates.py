"""Sentences with dates in them: kept together, and harmless whatever else they say."""

from core.templatetags.tashi import whole_dates


def test_a_chinese_date_stays_in_one_piece():
    said = whole_dates("请在12月3日（周四）14:00前付款。")
    assert said == '请在<span class="whole">12月3日（周四）14:00</span>前付款。'


def test_everything_else_stands_as_it_is_and_is_escaped():
    assert whole_dates("Pay by Thu 3 Dec, 14:00.") == "Pay by Thu 3 Dec, 14:00."
    assert whole_dates("<b>1月1日（周一）</b>") == '&lt;b&gt;<span class="whole">1月1日（周一）</span>&lt;/b&gt;'
