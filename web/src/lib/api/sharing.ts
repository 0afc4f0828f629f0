import type { InvitationResource, LinkResource, MemberInvited, MemberResource } from '@muster/protocol/http-lists';
import type { Role } from '@muster/protocol/principal';
import type { Api } from './api.ts';

interface Items<T> {
  items: T[];
  next?: string;
}

/** What sharing asks by HTTP: addresses, invitations and links are in no scope, and are told to owners only. */
export class Sharing {
  readonly #api: Api;
  readonly #path: string;

  constructor(api: Api, listId: string) {
    this.#api = api;
    this.#path = `/api/v1/lists/${listId}`;
  }

  /** All members with their addresses, page after page. */
  async members(): Promise<MemberResource[]> {
    const members: MemberResource[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Items<MemberResource> = await this.#api.get(`${this.#path}/members?limit=200${more}`);
      members.push(...page.items);
      cursor = page.next;
    }
    return members;
  }

  invitations = async (): Promise<InvitationResource[]> =>
    (await this.#api.get<Items<InvitationResource>>(`${this.#path}/invitations`)).items;
  links = async (): Promise<LinkResource[]> => (await this.#api.get<Items<LinkResource>>(`${this.#path}/links`)).items;

  invite = (email: string, role: Role): Promise<MemberInvited> =>
    this.#api.post(`${this.#path}/members`, { email, role });
  takeBack = (invitationId: string): Promise<void> => this.#api.delete(`${this.#path}/invitations/${invitationId}`);
  /** @param expiresAt milliseconds since 1970; null: until it is ended */
  makeLink = (role: 'viewer' | 'editor', expiresAt: number | null): Promise<LinkResource> =>
    this.#api.post(`${this.#path}/links`, { role, expiresAt });
  endLink = (linkId: string): Promise<void> => this.#api.delete(`${this.#path}/links/${linkId}`);
}
