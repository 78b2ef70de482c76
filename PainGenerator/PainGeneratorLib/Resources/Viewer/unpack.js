/* Unpacks the data of the viewer: base64 and gzip, with what the browser has. */

/** The plain data of the viewer: candidates, series, and the words of its language. */
const content = JSON.parse(document.getElementById("viewer-content").textContent);

/** A message in the language of the page, with its one blank filled. */
function say(message, value = "") {
  return (content.words[message] || message).replace(/\{\w+\}/, () => value);
}

/** The bytes of a base64 text. */
function bytesOf(text) {
  const characters = atob(text.trim());
  const bytes = new Uint8Array(characters.length);
  for (let n = 0; n < characters.length; n += 1) bytes[n] = characters.charCodeAt(n);
  return bytes;
}

/** The bytes that were packed with gzip. */
async function gunzip(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Numbers of 16 bits from their bytes: all high bytes come first, then all low bytes, which packs better. */
function joinedBytes(bytes, count) {
  const values = new Uint16Array(count);
  for (let n = 0; n < count; n += 1) values[n] = (bytes[n] << 8) | bytes[n + count];
  return values;
}
