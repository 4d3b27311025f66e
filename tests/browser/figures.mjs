// Figures of a run.

// The value below which a `share` of them lies.
export const percentile = (values, share) => {
  const sorted = [...values].sort((one, other) => one - other);
  const at = Math.min(Math.floor(sorted.length * share), sorted.length - 1);
  return Math.round(sorted[at] * 10) / 10;
};
