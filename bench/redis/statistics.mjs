/** The value below which `share` of the numbers lie. */
export function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export function median(numbers) {
  return percentile(numbers, 0.5);
}

/** The median of the ratios within each round, so that a noisy moment hits both alike. */
export function medianRatio(numbers, others) {
  const rounds = Math.min(numbers.length, others.length);
  return median(Array.from({ length: rounds }, (_, round) => numbers[round] / others[round]));
}
