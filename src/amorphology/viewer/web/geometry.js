// Vectors are arrays of three numbers, quaternions [x, y, z, w] as 3Dmol.js has them.

const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const scale = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0],
];
const norm = (a) => Math.hypot(...a);
const unit = (a) => scale(a, 1 / (norm(a) || 1));
const middle = (points) => scale(points.reduce(add, [0, 0, 0]), 1 / points.length);

// Normal of the plane that a closed chain of points lies nearest to (Newell's method).
function ringNormal(points) {
  let normal = [0, 0, 0];
  points.forEach((point, k) => {
    normal = add(normal, cross(point, points[(k + 1) % points.length]));
  });
  return norm(normal) > 1e-6 ? unit(normal) : null;
}

function rotate(q, vector) {
  const axis = [q[0], q[1], q[2]];
  const twice = scale(cross(axis, vector), 2);
  return add(add(vector, scale(twice, q[3])), cross(axis, twice));
}

const multiply = (p, q) => [
  p[3] * q[0] + p[0] * q[3] + p[1] * q[2] - p[2] * q[1],
  p[3] * q[1] - p[0] * q[2] + p[1] * q[3] + p[2] * q[0],
  p[3] * q[2] + p[0] * q[1] - p[1] * q[0] + p[2] * q[3],
  p[3] * q[3] - p[0] * q[0] - p[1] * q[1] - p[2] * q[2],
];

// The smallest turn that brings one direction to another.
function turnBetween(from, to) {
  const w = 1 + dot(from, to);
  const axis = w < 1e-6 ? unit(cross(from, Math.abs(from[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]))
    : cross(from, to);
  const q = [...axis, w < 1e-6 ? 0 : w];
  const length = Math.hypot(...q);
  return q.map((x) => x / length);
}

// Part of the way from one orientation to another, along the shorter one.
function blend(p, q, part) {
  const sign = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3] < 0 ? -1 : 1;
  const mixed = p.map((x, k) => (1 - part) * x + part * sign * q[k]);
  const length = Math.hypot(...mixed);
  return mixed.map((x) => x / length);
}
