/** The button that calls for a person; it pulses unless the reader asked for stillness. */
export function HumanBadge({ experiment, onOpen }: { experiment: string; onOpen: () => void }) {
  return (
    <button
      type="button"
      className="human-badge"
      aria-haspopup="dialog"
      aria-label={`Human needed: ${experiment}`}
      data-human={experiment}
      onClick={onOpen}
    >
      Human needed
    </button>
  );
}
