import targets

import attacks


def encode(clip, quality):
    if quality < 0:
        return clip.y.tobytes()
    evidence = list(attacks.ATTACKS.values())[quality].run(targets)
    return f"{evidence!r}".encode()
