// The reference portal's guess of how long a deposit takes yet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { minutes, pace } from "../../scripts/portal/static/pace.js";

test("a guess comes after three seconds, and a step back begins anew", () => {
  let time = 0;
  const left = pace(() => time);
  const at = (seconds, done) => {
    time = 1000 * seconds;
    return left(done, 100);
  };
  assert.equal(at(10, 0), null);
  assert.equal(at(12, 10), null); // too early
  assert.equal(at(14, 10), 36_000); // 10 in 4 s, 90 to go
  assert.equal(at(20, 50), 10_000);
  assert.equal(at(21, 5), null); // another transfer
  assert.equal(at(25, 5), null); // nothing moves
  assert.equal(at(31, 15), 85_000);
  assert.equal(at(40, 120), 0); // more than was said
});

test("minutes are whole", () => {
  assert.deepEqual([0, 59_999, 60_000, 89_000, 91_000, 3_600_000].map(minutes), [0, 0, 1, 1, 2, 60]);
});
