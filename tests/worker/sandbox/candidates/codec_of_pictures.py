import pictures


def decode(bitstream):
    number, *geometry = bitstream
    makers = [*pictures.PICTURES.values(), *pictures.GOOD_PICTURES.values()]
    return makers[number](tuple(geometry))
