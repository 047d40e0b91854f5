export function taskIdOf(index) {
  return `idle-task-${String(index).padStart(8, '0')}`;
}
