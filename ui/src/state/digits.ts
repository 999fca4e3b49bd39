const DIGIT = /\p{Nd}/u;

/** The text with the digits of every script in ASCII. */
export function asciiDigits(text: string): string {
  let ascii = "";
  for (const char of text.normalize("NFKC")) {
    if (/[0-9]/.test(char) || !DIGIT.test(char)) ascii += char;
    else {
      // A script's digits stand in a row from its zero.
      const point = char.codePointAt(0)!;
      let zero = point;
      while (point - zero < 9 && DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
      ascii += String(point - zero);
    }
  }
  return ascii;
}
