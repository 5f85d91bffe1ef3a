// Everything that is asked of the service: one token, one grammar of errors.

const KEY = "reid-gallery-token";
const pictures = new Map();
const MOST_PICTURES = 600;

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { ...options.headers, Authorization: `Bearer ${token.get()}` },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "unreachable", "The service does not answer. Is it still running?");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const said = body.error ?? { code: "unknown", message: `The service answered ${response.status}.` };
  throw new Refused(response.status, said.code, said.message);
}

function address(path, question) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") words.append(name, one);
    }
  }
  return words.size ? `${path}?${words}` : path;
}

export const describe = async () => (await call("api/gallery")).json();

export async function search(blob, question, signal) {
  const options = { method: "POST", body: blob, signal, headers: { "Content-Type": "application/octet-stream" } };
  return (await call(address("api/search", question), options)).json();
}

export async function similar(row, question, signal) {
  return (await call(address(`api/rows/${row}/similar`, question), { signal })).json();
}

export const person = async (pid) => (await call(`api/people/${pid}`)).json();
export const deletePerson = async (pid) => (await call(`api/people/${pid}`, { method: "DELETE" })).json();
export const deleteRow = async (row) => (await call(`api/rows/${row}`, { method: "DELETE" })).json();

// The address of a crop, as a blob: an <img> cannot send the token itself.
export async function picture(row) {
  if (!pictures.has(row)) {
    pictures.set(row, call(`api/rows/${row}/image`).then((found) => found.blob()).then(URL.createObjectURL));
    if (pictures.size > MOST_PICTURES) forget(pictures.keys().next().value);
  }
  try {
    return await pictures.get(row);
  } catch (error) {
    pictures.delete(row);
    throw error;
  }
}

export function forget(row) {
  pictures.get(row)?.then(URL.revokeObjectURL, () => {});
  pictures.delete(row);
}
