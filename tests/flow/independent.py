"""A consumer that shares nothing with the product: kcat reads, and the few fields of Meta that count are taken from the
bytes here. It says what is missing and what is there twice, stream by stream and epoch by epoch."""
import collections
import re
import subprocess

from flow import expect, wait_for

LOCAL, REPLAY = 2, 3  # GapKind and Origin of common.proto


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of each field of a protobuf message: an int, or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value = data[at:at + size]
            at += size
        yield tag >> 3, value


def position(record):
    """(symbol or account, epoch, seq, [declared spans of our own numbers]); seq 0 for what the sidecar writes, whose
    numbers are its own."""
    number, meta = next(fields(record))
    expect(number == 1, "Meta is the first field")
    symbol = account = b""
    epoch = seq = 0
    replay = False
    gaps = []
    for number, value in fields(meta):
        if number == 2:
            symbol = value
        elif number == 4:
            account = value
        elif number == 5:
            epoch = value
        elif number == 6:
            seq = value
        elif number == 13 and value == REPLAY:
            replay = True
        elif number == 15:
            mark = dict(fields(value))
            if mark.get(1) == LOCAL:
                gaps.append((mark.get(2), mark.get(3)))
    return account or symbol, epoch, 0 if replay else seq, gaps


PARTITIONS = 4


def ends_of(brokers, topic):
    """{partition: offset behind its last record}, of partitions that have any."""
    asked = [part for number in range(PARTITIONS) for part in ("-t", f"{topic}:{number}:-1")]

    def answer():  # kcat waits 5 s; a broker under load may take longer
        done = subprocess.run(["kcat", "-Q", "-b", brokers, *asked], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None
    told = re.findall(r"\[(\d+)\] offset (\d+)", wait_for(f"kcat knows the ends of {topic}", answer))
    return {partition: int(offset) for partition, offset in told if int(offset) > 0}


def records(brokers, topic):
    """The payloads of a topic, to its end as it is now. kcat itself follows what goes on growing; of what does not, it
    holds the last ones back until it ends."""
    left = ends_of(brokers, topic)
    reader = subprocess.Popen(["kcat", "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-q", "-e",
                               "-f", "%p %o %S\n%s"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with reader.stdout as stream:
        while left:
            partition, offset, size = stream.readline().decode().split()
            yield stream.read(int(size))
            if int(offset) + 1 >= left.get(partition, float("inf")):
                del left[partition]
    reader.terminate()
    reader.wait()


def count(brokers, topics, remade=()):
    """{"records", "lost", "declared", "duplicates"} over all streams; lost is what no record declares. The beginning of
    what `remade` topics held went with them."""
    total = collections.Counter(records=0, lost=0, declared=0, duplicates=0)
    for topic in topics:
        seen, covered = collections.defaultdict(collections.Counter), collections.defaultdict(set)
        for record in records(brokers, topic):
            stream, epoch, seq, gaps = position(record)
            if seq == 0:
                continue
            seen[stream, epoch][seq] += 1
            for first, last in gaps:
                covered[stream, epoch].update(range(first, last + 1))
        for key, numbers in seen.items():
            begin = min(numbers) if topic in remade else 1
            missing = set(range(begin, max(numbers) + 1)) - set(numbers)
            total["records"] += numbers.total()
            total["declared"] += len(missing & covered[key])
            total["lost"] += len(missing - covered[key])
            total["duplicates"] += numbers.total() - len(numbers)
    return dict(total)
