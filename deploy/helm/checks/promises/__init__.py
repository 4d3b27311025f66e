"""What must hold of everything that the chart renders: named promises, by subject a file each.

A promise is a function over one rendering. It yields, for each thing that it looks at, the thing's place and whether it is as it must
be. One that looks at nothing in all renderings does not hold: nobody would see that it has come to nothing.
"""

PROMISES = {}


def promise(look):
    """Makes a function a promise, known by its name."""
    assert look.__name__ not in PROMISES, f"two promises are called {look.__name__}"
    PROMISES[look.__name__] = look
    return look


def broken(name, renderings):
    """Where a promise does not hold."""
    looked_at, places = 0, []
    for rendering in renderings:
        try:
            for place, holds in PROMISES[name](rendering):
                looked_at += 1
                if not holds:
                    places.append(f"{rendering.name}: {place}")
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, StopIteration) as error:
            places.append(f"{rendering.name}: something that it reads is missing: {error!r}")
    return places if looked_at or places else ["nothing that it could be true of was rendered"]
