from metagnn.network.reader.note import counted, listed


def test_few_are_all_named_and_many_are_counted():
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert (counted(1, "gene rule"), counted(3, "gene rule"), counted(2, "species")) == (
        "1 gene rule",
        "3 gene rules",
        "2 species",
    )


def test_a_long_item_is_cut():
    assert len(listed(["a" * 10_000, "b"])) < 300
