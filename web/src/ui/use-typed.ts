// What is being typed where a pause in typing asks for it.
import { useCallback, useEffect, useRef, useState } from "react";

/**
 * What the field told comes back as its value while somebody types on, so it is not put in place of what they type;
 * any other value is.
 */
export function useTyped(value: string) {
  const [text, setText] = useState(value);
  const known = useRef(value);
  useEffect(() => {
    if (value !== known.current) setText(value);
    known.current = value;
  }, [value]);
  const told = useCallback((value: string) => {
    known.current = value;
  }, []);
  return { text, setText, told };
}
