"""Reads Standard MIDI Files: notes in seconds, as a player would hear them."""
import struct


def chunks(data):
    at = 0
    while at < len(data):
        name, size = data[at:at + 4], struct.unpack(">I", data[at + 4:at + 8])[0]
        yield name, data[at + 8:at + 8 + size]
        at += 8 + size


def events(track):
    """(tick, status, bytes) of one track; 0xff: meta, with the type first."""
    at = tick = 0

    def varint():
        nonlocal at
        n = 0
        while True:
            byte = track[at]
            at += 1
            n = n << 7 | byte & 127
            if byte < 128:
                return n

    while at < len(track):
        tick += varint()
        status = track[at]
        at += 1
        if status == 0xff:
            kind = track[at]
            at += 1
            size = varint()
            yield tick, status, bytes([kind]) + track[at:at + size]
            at += size
        else:
            size = 1 if status & 0xf0 in (0xc0, 0xd0) else 2
            yield tick, status, track[at:at + size]
            at += size


class Midi:
    """notes: (start, length in quarter notes, pitch, channel, velocity), in order; seconds(quarters)."""

    def __init__(self, data):
        (head, *tracks) = list(chunks(data))
        assert head[0] == b"MThd" and all(name == b"MTrk" for name, _ in tracks)
        self.format, n, ticks = struct.unpack(">HHH", head[1])
        assert n == len(tracks)
        self.notes, self.tempi, self.programs, self.names = [], [], {}, []
        for _, track in tracks:
            open_notes = {}
            last = None
            for tick, status, body in events(track):
                last = status, body
                if status == 0xff and body[0] == 0x51:
                    self.tempi.append((tick / ticks, int.from_bytes(body[1:], "big") / 1e6))
                elif status == 0xff and body[0] == 3:
                    self.names.append(body[1:].decode())
                elif status & 0xf0 == 0xc0:
                    self.programs[status & 15] = body[0]
                elif status & 0xf0 == 0x90 and body[1]:
                    open_notes.setdefault((status & 15, body[0]), []).append((tick, body[1]))
                elif status & 0xf0 in (0x80, 0x90):
                    begin, velocity = open_notes[status & 15, body[0]].pop(0)
                    self.notes.append((begin / ticks, (tick - begin) / ticks, body[0], status & 15, velocity))
            assert last == (0xff, b"\x2f") and not any(open_notes.values())
        self.notes.sort()

    def seconds(self, quarters):
        total = 0
        for (at, second), (until, _) in zip(self.tempi, self.tempi[1:] + [(float("inf"), 0)]):
            if quarters > at:
                total += (min(quarters, until) - at) * second
        return total
