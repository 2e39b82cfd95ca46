"""Range coder: what is written is read, prices are honest, ends are noticed."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import range_coder as rc

SYMBOLS = st.lists(
    st.one_of(
        st.tuples(st.just("bin"), st.integers(0, 3), st.integers(0, 1)),
        st.tuples(st.just("bits"), st.integers(1, 12), st.integers(0, 4095)),
        st.tuples(st.just("golomb"), st.integers(0, 4), st.integers(0, (1 << 20) - 1)),
        st.tuples(st.just("signed"), st.just(4), st.integers(-65_535, 65_535)),
        st.tuples(st.just("unary"), st.just(21), st.integers(0, 5)),
    ),
    max_size=400,
)


def code(coder: rc.Coder, kind: str, option: int, value: int) -> int:
    if kind == "bin":
        return rc.code_bin(coder, option, value)
    if kind == "bits":
        return rc.code_bits(coder, option, value & ((1 << option) - 1))
    if kind == "golomb":
        return rc.code_exp_golomb(coder, option, value)
    if kind == "signed":
        return rc.code_signed(coder, option, value)
    return rc.code_unary(coder, option, 5, value)


@settings(max_examples=60)
@given(SYMBOLS)
def test_everything_written_is_read_back(symbols):
    encoder = rc.encoder(30, 20_000)
    written = [code(encoder, *symbol) for symbol in symbols]
    decoder = rc.decoder(30, rc.finish(encoder))
    assert [code(decoder, kind, option, 0) for kind, option, _ in symbols] == written
    assert not rc.overrun(decoder)
    np.testing.assert_array_equal(encoder.contexts, decoder.contexts)


def test_a_skewed_source_costs_little_more_than_its_entropy():
    bins = (np.random.default_rng(0).random(20_000) < 0.05).astype(int)
    coder = rc.encoder(1, 20_000)
    for value in bins:
        rc.code_bin(coder, 0, int(value))
    share = bins.mean()
    entropy_bits = -len(bins) * (share * np.log2(share) + (1 - share) * np.log2(1 - share))
    assert entropy_bits < 8 * len(rc.finish(coder)) < 1.05 * entropy_bits


def test_prices_add_up_to_the_size_and_change_nothing():
    rng = np.random.default_rng(1)
    coder = rc.encoder(8, 20_000)
    counter = rc.price(coder)
    for _ in range(8000):
        context = int(rng.integers(8))
        value = int(rng.random() < context / 10 + 0.1)
        before = coder.contexts.copy()
        rc.code_bin(counter, context, value)
        np.testing.assert_array_equal(coder.contexts, before)
        rc.code_bin(coder, context, value)
    size_bits = 8 * len(rc.finish(coder))
    assert abs(counter.state[rc.BITS] / rc.BIT_PRICE / size_bits - 1) < 0.01


def test_carries_run_through_long_rows_of_ones():
    values = [0x7FFF_FFFF >> 1, *[0x3FFF_FFFF] * 40, 0, 1]
    coder = rc.encoder(1, 1000)
    for value in values:
        rc.code_bits(coder, 30, value)
        rc.code_bin(coder, 0, 0)
    decoder = rc.decoder(1, rc.finish(coder))
    read = []
    for _ in values:
        read.append(rc.code_bits(decoder, 30, 0))
        assert rc.code_bin(decoder, 0, 0) == 0
    assert read == values


def test_golden_bytes():
    # Written by this coder; fixes the bitstream against any change of its arithmetic.
    coder = rc.encoder(20, 100)
    for index in range(64):
        rc.code_bin(coder, index % 2, int(index % 5 == 0))
    rc.code_bits(coder, 16, 0xBEEF)
    rc.code_signed(coder, 2, -5)
    assert rc.finish(coder).hex() == "7b99c03f8dc066ee5720"


def test_reading_past_the_end_is_noticed():
    decoder = rc.decoder(1, b"\x12\x34")
    for _ in range(200):
        rc.code_bits(decoder, 8, 0)
    assert rc.overrun(decoder)


def test_a_full_buffer_is_an_error_and_grown_mends_it():
    coder = rc.encoder(1, 4)
    for _ in range(10):
        rc.code_bits(coder, 16, 0xABCD)
    try:
        rc.finish(coder)
    except OverflowError:
        pass
    else:
        raise AssertionError("a full buffer went unnoticed")
    coder = rc.grown(rc.encoder(1, 4), 100)
    for _ in range(10):
        rc.code_bits(coder, 16, 0xABCD)
    decoder = rc.decoder(1, rc.finish(coder))
    assert [rc.code_bits(decoder, 16, 0) for _ in range(10)] == [0xABCD] * 10
