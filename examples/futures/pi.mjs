// A function, as on AWS: counts the points of a seeded cloud that fall into the unit circle.

export async function handler({ seed, points }) {
  let state = seed;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    return state / 2 ** 32;
  };
  let inside = 0;
  for (let i = 0; i < points; i++) if (draw() ** 2 + draw() ** 2 < 1) inside++;
  return { inside };
}
