/** Reading gives other connections a turn. */
import { Box, type Clock, DEFAULT_LIMITS, encodeBox } from "ampwire";
import { memoryTransports } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { Inbox } from "../../../src/core/connection/inbox.ts";
import { ReadingTurns, readingTurns } from "../../../src/core/connection/reading-turns.ts";

/** A clock that advances by `step` milliseconds whenever it is read. Timers run when `turn` is called. */
function steppingClock(step: number) {
  let now = 0;
  const timers = new Map<number, () => void>();
  const clock: Clock = {
    now: () => {
      now += step;
      return now;
    },
    setTimeout: (callback) => {
      timers.set(timers.size + 1, callback);
      return timers.size;
    },
    clearTimeout: (timer) => void timers.delete(timer as number), // made above
  };
  const turn = () => {
    for (const [timer, callback] of [...timers]) {
      timers.delete(timer);
      callback();
    }
  };
  return { clock, turn, timers };
}

function opened(step: number) {
  const [transport] = memoryTransports();
  const stepping = steppingClock(step);
  let served = 0;
  const inbox = new Inbox(transport, DEFAULT_LIMITS, stepping.clock, {
    mayRead: () => true,
    receive: () => void served++,
    readEnded() {},
    violated() {},
  });
  return { ...stepping, inbox, served: () => served };
}

const boxes = (count: number, size = 1) =>
  Buffer.concat(Array.from({ length: count }, () => encodeBox(new Box({ a: "x".repeat(size) }))));

test("many boxes in one chunk are served in several turns, and the transport is paused between them", () => {
  const { inbox, served, timers, turn } = opened(5);
  inbox.push(boxes(1_000), "shared");
  expect(served()).toBeLessThan(100);
  expect(inbox.transportPaused).toBe(true);
  inbox.read(); // other events do not shorten the pause
  expect(served()).toBeLessThan(100);
  let turns = 0;
  while (served() < 1_000 && turns++ < 1_000) turn();
  expect(served()).toBe(1_000);
  turn();
  expect([inbox.transportPaused, timers.size]).toEqual([false, 0]);
});

test("a few large boxes are served in several turns too", () => {
  const { inbox, served } = opened(5);
  inbox.push(boxes(40, 60_000), "shared");
  expect(served()).toBeLessThan(10);
});

test("boxes that take no time are served in one turn", () => {
  const { inbox, served } = opened(0);
  inbox.push(boxes(10_000), "shared");
  expect(served()).toBe(10_000);
});

test("no timer is left when the connection ends between two turns", () => {
  const { inbox, timers } = opened(5);
  inbox.push(boxes(1_000), "shared");
  expect(timers.size).toBe(1);
  inbox.discard();
  expect(timers.size).toBe(0);
});

/** Turns whose clock calls back when the test begins the next turn of the event loop. */
function turnsOfLoop() {
  const next: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    setTimeout: () => expect.unreachable("nextTurn takes its place"),
    clearTimeout: () => expect.unreachable("there is no timer"),
    nextTurn: (callback) => void next.push(callback),
  };
  const turns = new ReadingTurns(clock);
  const begin = () => {
    for (const callback of next.splice(0)) callback();
  };
  return { turns, begin, next };
}

describe("turns of reading", () => {
  test("connections together read for a millisecond in each turn of the event loop", () => {
    const { turns, begin } = turnsOfLoop();
    turns.spend(0.9);
    expect(turns.isOver).toBe(false);
    turns.spend(0.1);
    expect(turns.isOver).toBe(true);
    begin();
    expect(turns.isOver).toBe(false);
  });

  test("short turns are counted together, and their end is not waited for", () => {
    const { turns, begin, next } = turnsOfLoop();
    turns.spend(0.4);
    expect(next).toHaveLength(0);
    turns.spend(0.1);
    expect(next).toHaveLength(1);
    begin();
    turns.spend(0.9);
    expect(turns.isOver).toBe(false);
  });

  test("connections that wait take turns in order, and those over the time wait for the next turn", () => {
    const { turns, begin } = turnsOfLoop();
    const order: string[] = [];
    const taker = (name: string, times: number) => ({
      takeTurn() {
        order.push(name);
        turns.spend(0.5);
        if (--times > 0) turns.wait(this);
      },
    });
    for (const one of [taker("a", 2), taker("b", 2), taker("c", 1)]) turns.wait(one);
    begin();
    expect(order.join("")).toBe("ab");
    begin();
    expect(order.join("")).toBe("abca");
    begin();
    expect(order.join("")).toBe("abcab");
  });

  test("a connection that has left gets no turn, and the event loop is not called for nothing", () => {
    const { turns, begin, next } = turnsOfLoop();
    const gone = { takeTurn: () => expect.unreachable() };
    turns.wait(gone);
    turns.leave(gone);
    begin();
    expect(next).toHaveLength(0);
  });

  test("without nextTurn a timer begins the next turn, only while a connection waits", () => {
    const { clock, turn, timers } = steppingClock(0);
    const turns = new ReadingTurns(clock);
    turns.spend(2);
    expect(timers.size).toBe(0);
    const order: string[] = [];
    const taker = (name: string) => ({
      takeTurn() {
        order.push(name);
        turns.spend(2);
      },
    });
    const [a, b, c] = [taker("a"), taker("b"), taker("c")];
    for (const one of [a, b, c]) turns.wait(one);
    turns.leave(c);
    expect(timers.size).toBe(1);
    turn();
    turn();
    expect([order.join(""), timers.size]).toEqual(["ab", 0]);
    turns.wait(c);
    turns.leave(c);
    expect(timers.size).toBe(0);
    turns.wait(c);
    turn();
    expect([order.join(""), timers.size]).toEqual(["abc", 0]);
  });

  test("a slice is half a millisecond, and shorter if many connections wait, but at least a quarter", () => {
    const { turns } = turnsOfLoop();
    const slices: number[] = [];
    for (let waiting = 0; waiting <= 10; waiting++) {
      slices.push(turns.slice);
      turns.wait({ takeTurn() {} });
    }
    expect(slices.slice(0, 5)).toEqual([0.5, 0.5, 0.5, 1 / 3, 0.25]);
    expect(slices.at(-1)).toBe(0.25);
  });

  test("clocks with the same nextTurn share turns, and other clocks have their own", () => {
    const clock = (nextTurn?: Clock["nextTurn"]): Clock => ({ ...steppingClock(1).clock, nextTurn });
    const same = () => {};
    expect(readingTurns(clock(same))).toBe(readingTurns(clock(same)));
    const own = clock();
    expect(readingTurns(own)).toBe(readingTurns(own));
    expect(readingTurns(own)).not.toBe(readingTurns(clock()));
  });
});

test("when the time of a turn is used up, a large chunk waits unread, and a small one is served", () => {
  const { inbox, served, turn, clock } = opened(0);
  readingTurns(clock).spend(5);
  // A box has 7 bytes besides its value.
  inbox.push(boxes(1, 4 * 1024 - 7), "shared");
  expect(served()).toBe(1);
  inbox.push(boxes(1, 4 * 1024 - 6), "shared");
  expect([served(), inbox.transportPaused]).toEqual([1, true]);
  turn();
  expect([served(), inbox.transportPaused]).toEqual([2, false]);
});

describe("a turn", () => {
  /** An inbox that notes how often its clock is read, and what it does with its transport and its owner. */
  function noting(step: number) {
    const [transport] = memoryTransports();
    const noted = { looks: 0, served: 0, pauses: 0, resumes: 0, ends: [] as boolean[] };
    transport.pause = () => void noted.pauses++;
    transport.resume = () => void noted.resumes++;
    const { clock, turn } = steppingClock(step);
    const { now } = clock;
    clock.now = () => {
      noted.looks++;
      return now();
    };
    const inbox = new Inbox(transport, DEFAULT_LIMITS, clock, {
      mayRead: () => true,
      receive: () => void noted.served++,
      readEnded: (everything) => void noted.ends.push(everything),
      violated() {},
    });
    return { noted, inbox, turn, turns: readingTurns(clock) };
  }

  test("the clock is read after 16 boxes, or 16 KiB", () => {
    const small = noting(0);
    small.inbox.push(boxes(100), "shared");
    expect(small.noted.looks).toBe(6);
    const large = noting(0);
    large.inbox.push(boxes(8, 4 * 1024 - 7), "shared");
    expect(large.noted.looks).toBe(2);
  });

  test("a connection is read for half a millisecond from the first look, and this time is counted", () => {
    const { noted, inbox, turns } = noting(0.125);
    inbox.push(boxes(1_000), "shared");
    expect(noted).toEqual({ looks: 5, served: 80, pauses: 1, resumes: 0, ends: [false] });
    turns.spend(0.375);
    expect(turns.isOver).toBe(false);
    turns.spend(0.125);
    expect(turns.isOver).toBe(true);
  });

  test("a connection is read for less if others have used most of the turn", () => {
    const { noted, inbox, turns } = noting(0.125);
    turns.spend(0.75);
    inbox.push(boxes(1_000), "shared");
    expect(noted.served).toBe(48);
  });

  test("a transport is paused and resumed once", () => {
    const { noted, inbox, turn } = noting(0.125);
    inbox.push(boxes(1), "shared");
    inbox.push(boxes(90), "shared");
    inbox.read();
    inbox.read();
    expect(noted).toMatchObject({ pauses: 1, resumes: 0, ends: [true, false] });
    turn();
    inbox.read();
    expect(noted).toMatchObject({ served: 91, pauses: 1, resumes: 1, ends: [true, false, true, true] });
  });
});

describe("reading", () => {
  test("reading that a served box causes begins after that box, not within it", () => {
    const [transport] = memoryTransports();
    let depth = 0;
    const depths: number[] = [];
    const inbox: Inbox = new Inbox(transport, DEFAULT_LIMITS, steppingClock(0).clock, {
      mayRead: () => true,
      receive() {
        depths.push(++depth);
        inbox.read();
        depth--;
      },
      readEnded() {},
      violated() {},
    });
    inbox.push(boxes(3), "shared");
    expect(depths).toEqual([1, 1, 1]);
  });

  test("reading goes on if the end of a read removes the reason to stop", () => {
    const [transport] = memoryTransports();
    let allowed = 1;
    let served = 0;
    const inbox = new Inbox(transport, DEFAULT_LIMITS, steppingClock(0).clock, {
      mayRead: () => allowed > 0,
      receive() {
        served++;
        allowed--;
      },
      readEnded() {
        allowed = 1;
      },
      violated() {},
    });
    inbox.push(boxes(3), "shared");
    expect([served, inbox.transportPaused]).toEqual([3, false]);
  });
});
