import numpy as np

from metagnn.network.reader.mat_fields import numbers, text_in, texts


def test_texts_and_numbers_however_deep_they_are():
    fields = {"names": np.array([[np.array(["a "])], [np.array([], dtype=object)]], dtype=object), "b": [[1.0], [2.0]]}
    assert texts(fields, "names") == ["a", ""]
    assert numbers(fields, "b") == [1.0, 2.0]
    assert texts(fields, "none") == numbers(fields, "none") == []
    assert text_in(np.array([[np.array(["x"])]], dtype=object)) == "x"
