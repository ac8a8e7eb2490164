/** What the doctor needs of a client; what is not answered with success is thrown. */
export interface IntegrityClient {
  get<Body>(path: string): Promise<Body>;
  post<Body>(path: string, body: unknown): Promise<Body>;
}

export interface Fault {
  resource_type: string;
  resource_id: string;
  message: string;
}

export interface Finding extends Fault {
  expected: string | null;
  found: string | null;
}

/** A page ends with the first that is unsettled. */
export interface IntegrityPage {
  checked: number;
  findings: Finding[];
  unsettled: (Fault & { retry_cursor: string })[];
  next_cursor: string | null;
  checks: string[];
}
