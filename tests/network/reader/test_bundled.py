from metagnn.network.reader.bundled import BUNDLED, read_bundled


def test_a_name_gives_the_model_that_cobra_includes():
    draft = read_bundled("textbook")
    assert (draft.id, len(draft.metabolites), len(draft.reactions)) == ("e_coli_core", 72, 95)
    assert BUNDLED["e_coli_core"] == "textbook"
