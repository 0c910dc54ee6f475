/** Wilson: Probable inference, the law of succession, and statistical inference, JASA 22, 1927. 95 %. */
export function wilson(hits: number, trials: number): { share: number; low: number; high: number } {
  if (trials === 0) return { share: Number.NaN, low: 0, high: 1 };
  const z = 1.959963984540054;
  const share = hits / trials;
  const centre = share + (z * z) / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return { share, low: (centre - half) / scale, high: (centre + half) / scale };
}
