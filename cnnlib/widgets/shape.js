// The size of a convolution's output, and why there may be none.

// The reasons are PyTorch's own, said in words. null: it refuses nothing.
function refusal(n, k, stride, padding, dilation, what = "input") {
  if (n < 1) return `The ${what} needs at least one cell.`;
  if (k < 1) return "The kernel needs at least one cell.";
  if (stride < 1) return "The stride must be at least 1: the window has to move.";
  if (padding < 0) return "The padding cannot be negative.";
  if (dilation < 1) return "The dilation must be at least 1.";
  const span = dilation * (k - 1) + 1;
  if (span > n + 2 * padding) {
    return `The kernel spans ${span} cells, but the padded ${what} has only ` +
      `${n + 2 * padding}.`;
  }
  return null;
}

function outputSize(n, k, stride, padding, dilation) {
  return Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
}
