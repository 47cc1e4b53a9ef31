const two = (n) => String(n).padStart(2, '0');
// `14:05`, `2:14:05`, or with the days; as the server writes it.
const clock = (s, days) => {
  const d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
  const text = d || h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  return d ? days.replace('#', d).replace('~', text) : text;
};
