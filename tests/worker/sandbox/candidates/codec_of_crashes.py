import crashes


def encode(clip, quality):
    if quality < 0:
        return clip.y.tobytes()
    return list(crashes.CRASHES.values())[quality].run()
