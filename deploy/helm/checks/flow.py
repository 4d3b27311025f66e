"""One inference group, second by second: complaints come, pods start and stop, partitions move, the autoscaler decides.

complaints -> 48 partitions -> what a pod has taken on (live ones first) -> answered

Figures of the workers are measured or are constants of the code; each says where it is from.
"""

import random
from collections import deque
from dataclasses import dataclass, field

import drain
import hpa
import keda

DAY = 86_400
# README, "What was measured": over Kafka 32.7 a second on two cores, which brokers and all other roles shared.
ANSWERED_PER_CORE = 32.7 / 2
IN_FLIGHT_SECONDS = 5  # crates/stream/src/in_flight.rs: what is finished in half of the drain time
IN_FLIGHT_LEAST = 32  # for each core: two batches
AHEAD_SECONDS, AHEAD_LEAST, AHEAD_GROWTH = 1.5, 32, 1.25  # cli/src/backfill/window.rs
READY_AFTER = 45  # seconds from a pod's creation: image 20, models 20, a probe 5
CPU_EVERY = 15  # metrics-server's resolution
# Cooperative rebalancing: members hear of it with a heartbeat (3 s), finish what they have of what moves, and join again.
PARTITION_MOVES_FOR = 3 + IN_FLIGHT_SECONDS + 3
# Of a day's complaints, the share of each hour.
HOURS = [1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 8, 8, 8, 7, 6, 5, 4, 3, 2, 2, 1, 1]


@dataclass
class World:
    """What the autoscaler does not decide."""

    cores: float
    partitions: int = 48
    ready_after: int = READY_AFTER
    scrape_every: int = 30

    @property
    def rate(self):
        return self.cores * ANSWERED_PER_CORE


@dataclass
class Load:
    """What comes: live complaints by second, and a backfill."""

    live: list
    backfill: int = 0
    backfill_at: int = 0
    is_at_once: bool = False


def day_of(complaints, seed=19):
    """Complaints that come independently of each other, most of them in working hours."""
    draw = random.Random(seed)
    return sorted(hour * 3600 + draw.randrange(3600) for hour in draw.choices(range(24), HOURS, k=complaints))


def one_every(seconds):
    return list(range(0, DAY, seconds))


@dataclass
class Trace:
    """What came of it."""

    replicas: list  # (second, how many) at each change
    waiting: list = field(default_factory=list)  # (second, how many of the backfill are not answered), at each sync
    waits: list = field(default_factory=list)  # (second, seconds until its answer) of each live complaint
    drained_at: int | None = None


@dataclass
class Pod:
    """A member of the group."""

    ready_at: int
    owns: dict = field(default_factory=dict)  # partition: since when
    live: deque = field(default_factory=deque)  # when each came
    bulk: deque = field(default_factory=deque)  # (when they came, how many)
    in_bulk: int = 0
    lately: deque = field(default_factory=lambda: deque(maxlen=10))  # answered in each of the last seconds
    credit: float = 0.0
    gauge: drain.Gauge = field(default_factory=drain.Gauge)
    since_look: int = 0  # answered
    since_cpu: int = 0
    cpu: float | None = None
    stops: bool = False

    def taken_on(self):
        return len(self.live) + self.in_bulk


class Group:
    """The group of one ScaledObject in a world under a load."""

    def __init__(self, scaled, world, load, seed=19):
        self.scaled, self.world, self.load = scaled, world, load
        self.draw = random.Random(seed)
        self.replicas = scaled.least
        self.pods = [Pod(0) for _ in range(self.replicas)]
        self.queues = [deque() for _ in range(world.partitions)]  # (when it came, is it live, how many)
        self.unread = [0] * world.partitions
        self.behind = 0  # their sum
        self.moves_until = [0] * world.partitions
        self.to_send, self.left = 0, load.backfill
        self.most_ahead = AHEAD_LEAST
        self.finished = deque([0], maxlen=4)  # by the end of each of the last seconds
        self.drain = None
        self.trace = Trace([(0, self.replicas)])
        self._rebalance(0)

    def run(self):
        came, now = deque(self.load.live), 0
        while now < DAY:
            while came and came[0] == now:
                came.popleft()
                self._append(self.draw.randrange(self.world.partitions), now, True, 1)
            self._send(now)
            if now and any(pod.ready_at == now for pod in self.pods):
                self._rebalance(now)
            # It is looked at the worst moment: what has just come is not answered yet.
            if now % drain.EVERY == 0:
                self._look(now)
            if now % self.world.scrape_every == 0:
                self.drain = max((pod.gauge.value for pod in self._members(now) if pod.gauge.value is not None), default=None)
            if now % CPU_EVERY == 5:
                self._measure_cpu(now)
            if now % hpa.SYNC_SECONDS == 0:
                self._sync(now)
                self.trace.waiting.append((now, self.left if now >= self.load.backfill_at else 0))
            done = sum(self._work(pod, now) for pod in self.pods if pod.ready_at <= now)
            self.finished.append(self.finished[-1] + done)
            if self.load.backfill and self.left == 0 and self.trace.drained_at is None:
                self.trace.drained_at = now + 1
            now += 1
            if not (done or self.to_send or self._lag()):
                now = self._rest(now, came[0] if came else DAY)
        return self.trace

    def _rest(self, now, next_comes):
        """Until what happens next, since nobody has anything to do: something comes, begins, or is looked at."""
        begin = [pod.ready_at for pod in self.pods] + [self.load.backfill_at, next_comes]
        then = min([now + -now % 5] + [each for each in begin if each >= now])
        for _ in range(now, then):
            self.finished.append(self.finished[-1])
            for pod in self.pods:
                pod.lately.append(0)
        return then

    def _append(self, partition, now, is_live, count):
        self.queues[partition].append((now, is_live, count))
        self.unread[partition] += count
        self.behind += count

    def _send(self, now):
        """The backfill: all at once, or as `ombud send --bulk` does, what the group finishes in a second and a half."""
        if self.load.backfill and now == self.load.backfill_at:
            self.to_send = self.load.backfill
        if self.to_send == 0:
            return
        count = self.to_send
        if not self.load.is_at_once:
            lag = self._lag()
            rate = (self.finished[-1] - self.finished[0]) / max(1, len(self.finished) - 1)
            tried = self.most_ahead * AHEAD_GROWTH if lag < self.most_ahead / 4 else 0
            self.most_ahead = max(AHEAD_LEAST, rate * AHEAD_SECONDS, tried)
            # It looks four times a second: within this one it also sends what is finished meanwhile.
            count = min(count, max(0, int(self.most_ahead + min(rate, lag) - lag)))
        each, more = divmod(count, self.world.partitions)
        for partition in range(self.world.partitions):
            here = each + ((partition + now) % self.world.partitions < more)
            if here:
                self._append(partition, now, False, here)
        self.to_send -= count

    def _lag(self):
        return self.behind + sum(pod.taken_on() for pod in self.pods)

    def _members(self, now):
        return [pod for pod in self.pods if pod.ready_at <= now and not pod.stops]

    def _rebalance(self, now):
        """Cooperative and sticky: as few partitions move as make the members equal, and only these stand still."""
        members = sorted(self._members(now), key=lambda pod: -len(pod.owns))
        share, more = divmod(self.world.partitions, len(members))
        room = [share + (number < more) for number in range(len(members))]
        for pod, most in zip(members, room):
            for partition in sorted(pod.owns)[most:]:
                del pod.owns[partition]
        free = set(range(self.world.partitions)).difference(*(pod.owns for pod in members))
        for pod, most in zip(members, room):
            while len(pod.owns) < most:
                partition = free.pop()
                pod.owns[partition] = now
                self.moves_until[partition] = now + PARTITION_MOVES_FOR if now else 0

    def _work(self, pod, now):
        """One second of a pod. Returns how many it answered."""
        if self.behind and not pod.stops:
            self._take_on(pod, now)
        pod.credit = min(pod.credit, 1) + self.world.rate
        done = min(int(pod.credit), pod.taken_on())
        of_live = min(done, len(pod.live))
        for _ in range(of_live):
            came = pod.live.popleft()
            self.trace.waits.append((came, now + 1 - came))
        self._answer_bulk(pod, done - of_live)
        pod.credit -= done
        pod.since_look += done
        pod.since_cpu += done
        pod.lately.append(done)
        return done

    def _answer_bulk(self, pod, count):
        self.left -= count
        pod.in_bulk -= count
        while count:
            came, here = pod.bulk.popleft()
            taken = min(here, count)
            if taken < here:
                pod.bulk.appendleft((came, here - taken))
            count -= taken

    def _take_on(self, pod, now):
        """What it finishes in its drain time, as much of each of its partitions."""
        queues = [each for each in pod.owns if self.unread[each] and self.moves_until[each] <= now]
        lately = sum(pod.lately) / max(1, len(pod.lately))
        room = int(max(IN_FLIGHT_LEAST * self.world.cores, lately * IN_FLIGHT_SECONDS) + self.world.rate - pod.taken_on())
        while room > 0 and queues:
            share = max(1, room // len(queues))
            for partition in queues:
                room -= self._read(pod, partition, min(share, room))
            queues = [each for each in queues if self.unread[each]]

    def _read(self, pod, partition, most):
        queue, read = self.queues[partition], 0
        while queue and read < most:
            came, is_live, count = queue.popleft()
            taken = min(count, most - read)
            if is_live:
                pod.live.append(came)
            else:
                pod.bulk.append((came, taken))
                pod.in_bulk += taken
            if taken < count:
                queue.appendleft((came, is_live, count - taken))
            read += taken
        self.unread[partition] -= read
        self.behind -= read
        return read

    def _look(self, now):
        for pod in self._members(now):
            before = pod.gauge.at
            lag = sum(self.unread[each] for each in pod.owns) + pod.taken_on()
            # Of partitions that it had at both looks.
            stayed = [each for each, since in pod.owns.items() if self.unread[each] and (before is None or since <= before)]
            oldest = [self.queues[each][0][0] for each in stayed] + list(pod.live)[:1] + [came for came, _ in pod.bulk]
            pod.gauge.look(now, lag, pod.since_look, min(oldest, default=None))
            pod.since_look = 0

    def _measure_cpu(self, now):
        for pod in self.pods:
            # A sample counts once all of it lies behind the pod's start.
            is_whole = pod.ready_at + CPU_EVERY <= now or pod.ready_at == 0
            pod.cpu = 100 * pod.since_cpu / self.world.rate / CPU_EVERY if is_whole else None
            pod.since_cpu = 0

    def _sync(self, now):
        pods = [pod for pod in self.pods if not pod.stops]
        used = [pod.cpu for pod in pods if pod.cpu is not None]
        ready = sum(pod.ready_at <= now for pod in pods)
        seen = keda.Seen(
            self._lag(), self.world.partitions, self.drain, used, len(pods) - len(used), hpa.Pods(len(pods), ready)
        )
        wanted = self.scaled.sync(now, self.replicas, seen)
        if wanted == self.replicas:
            return
        self.trace.replicas.append((now, wanted))
        self.pods += [Pod(now + self.world.ready_after) for _ in range(wanted - self.replicas)]
        # Those that are not ready go first, then the youngest.
        for pod in sorted(pods, key=lambda pod: -pod.ready_at)[: max(0, self.replicas - wanted)]:
            pod.stops, pod.owns = True, {}
        self.pods = [pod for pod in self.pods if not pod.stops or pod.taken_on()]
        if wanted < self.replicas:
            self._rebalance(now)
        self.replicas = wanted
