export function Kbd({ keys }: { keys: string }) {
  return (
    <kbd
      dir="ltr"
      className="inline-flex min-h-5 pointer-coarse:hidden min-w-5 items-center justify-center rounded-sm border border-line bg-raised px-1 font-sans text-xs text-muted"
    >
      {keys}
    </kbd>
  );
}
