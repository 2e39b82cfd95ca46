"""The corpus of the repair benchmark fits the small codec as it is."""

from collections import Counter

from benchmarks.repair_corpus import Corpus


def test_every_case_can_be_made_and_differs_from_its_sound_design() -> None:
    corpus = Corpus.read()
    assert len(corpus.cases) >= 60
    hashes = [corpus.broken(case).sha256 for case in corpus.cases]
    assert len(set(hashes)) == len(hashes)
    sound = {corpus.designed(design.name).sha256 for design in corpus.designs}
    assert not sound & set(hashes)


def test_each_half_has_every_class_and_no_case_is_in_both() -> None:
    corpus = Corpus.read()
    development, test = corpus.halves()
    assert abs(len(development) - len(test)) <= 1
    assert not {(c.kind, c.name) for c in development} & {(c.kind, c.name) for c in test}
    for half in development, test:
        assert min(Counter(case.kind for case in half).values()) >= 1
        assert {case.kind for case in half} == {case.kind for case in corpus.cases}
