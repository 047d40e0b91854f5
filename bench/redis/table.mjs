/** Prints rows as a markdown table. */
export function printTable(title, rows) {
  console.log(`\n**${title}**\n`);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`| ${columns.map((_, index) => (index === 0 ? ':--' : '--:')).join(' | ')} |`);
  for (const row of rows) {
    console.log(`| ${columns.map((column) => row[column] ?? '').join(' | ')} |`);
  }
}

export function formatCount(number) {
  return Math.round(number).toLocaleString('en');
}

export function formatMs(ms) {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}
