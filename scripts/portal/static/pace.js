// How long something takes yet, guessed from its own pace.

/** How long bytes must have come before a guess is worth saying, in milliseconds. */
const MEASURE = 3000;

/**
 * Measures one transfer; a step back begins anew. The function that it returns
 * takes how far the transfer is and gives the milliseconds that are left, null
 * while nobody knows.
 * @type {(now?: () => number) => (done: number, total: number) => number | null}
 */
export const pace = (now = () => performance.now()) => {
  let since = 0;
  let from = -1;
  let last = -1;
  return (done, total) => {
    if (last < 0 || done < last) {
      since = now();
      from = done;
    }
    last = done;
    const elapsed = now() - since;
    const moved = done - from;
    return elapsed < MEASURE || moved <= 0 ? null : (elapsed * Math.max(total - done, 0)) / moved;
  };
};

/**
 * Whole minutes, since more would only flicker: 0 is less than one.
 * @type {(milliseconds: number) => number}
 */
export const minutes = (milliseconds) => (milliseconds < 60_000 ? 0 : Math.round(milliseconds / 60_000));
