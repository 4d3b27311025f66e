"""ombud_drain_seconds of one worker, as cli/src/serve/lag.rs computes it at each look."""

import math

EVERY = 10
MEMORY = 30
STANDS_STILL_AFTER = 60
STANDS_STILL = 86_400.0


class Gauge:
    """Lag over the rate of the time in which the worker had enough to do."""

    def __init__(self):
        self.at = self.rate = self.still_since = self.value = None

    def look(self, now, lag, finished, oldest):
        """Where `lag` records are not finished, the first of which came at `oldest` (None: there is none), and `finished` were
        since the last look. Returns what the metric says; None as long as it was never set."""
        if self.at is not None:
            self._learn(now - self.at, finished, oldest is not None and oldest <= self.at)
        self.at = now
        if lag == 0:
            self.value = 0.0
        elif self.still_since is not None and now - self.still_since >= STANDS_STILL_AFTER:
            self.value = STANDS_STILL
        elif self.rate is not None:
            self.value = min(lag / self.rate, STANDS_STILL)
        return self.value

    def _learn(self, seconds, finished, is_busy):
        rate = finished / seconds
        if not (is_busy and finished == 0):
            self.still_since = None
        elif self.still_since is None:
            self.still_since = self.at
        if self.rate is None:
            self.rate = rate if is_busy and finished else None
        elif is_busy:
            self.rate += (1 - math.exp(-seconds / MEMORY)) * (rate - self.rate)
        else:
            self.rate = max(self.rate, rate)
