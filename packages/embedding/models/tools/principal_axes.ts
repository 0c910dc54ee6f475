/** A linear map as `token-pca.bin` and `sentence-pca.bin` hold it; see readProjection. */
export interface Axes {
  /** Largest first. */
  values: number[];
  /** Row i belongs to value i; signs are fixed by a positive largest component. */
  rows: Float64Array[];
}

/** Eigenvectors of a symmetric matrix, row-major; the matrix is destroyed. */
export function principalAxes(matrix: Float64Array, size: number): Axes {
  const { values, vectors } = jacobi(matrix, size);
  const order = values.map((_, at) => at).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  return {
    values: order.map((axis) => values[axis] ?? 0),
    rows: order.map((axis) => {
      const row = vectors.slice(axis * size, (axis + 1) * size);
      const largest = row.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
      return largest < 0 ? row.map((value) => -value) : row;
    }),
  };
}

/** Cyclic Jacobi rotations: eigenvalues on the diagonal, eigenvectors in the rows of the result. */
function jacobi(matrix: Float64Array, size: number): { values: number[]; vectors: Float64Array } {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += (matrix[p * size + q] ?? 0) ** 2;
    if (off < 1e-18) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(matrix, vectors, { size, p, q });
  }
  return { values: Array.from({ length: size }, (_, i) => (matrix[i * size + i] ?? 0)), vectors };
}

/** One rotation: makes the matrix's element (p, q) zero. */
function rotate(matrix: Float64Array, vectors: Float64Array, { size, p, q }: { size: number; p: number; q: number }): void {
  const apq = matrix[p * size + q] ?? 0;
  if (Math.abs(apq) < 1e-14) return;
  const theta = ((matrix[q * size + q] ?? 0) - (matrix[p * size + p] ?? 0)) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const mix = (values: Float64Array, one: number, other: number) => {
    const a = values[one] ?? 0;
    const b = values[other] ?? 0;
    values[one] = c * a - s * b;
    values[other] = s * a + c * b;
  };
  for (let k = 0; k < size; k++) mix(matrix, k * size + p, k * size + q);
  for (let k = 0; k < size; k++) {
    mix(matrix, p * size + k, q * size + k);
    mix(vectors, p * size + k, q * size + k);
  }
}

/** uint32 inputs, uint32 outputs, float32 mean, float32 rows, little-endian. */
export function encodeProjection(mean: ArrayLike<number>, rows: readonly ArrayLike<number>[]): Buffer {
  const bytes = Buffer.alloc(8 + 4 * mean.length * (1 + rows.length));
  bytes.writeUInt32LE(mean.length, 0);
  bytes.writeUInt32LE(rows.length, 4);
  let at = 8;
  for (const row of [mean, ...rows]) for (let i = 0; i < mean.length; i++) at = bytes.writeFloatLE(row[i] ?? 0, at);
  return bytes;
}
