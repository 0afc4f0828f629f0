/** What a picker changes. */
export type Picked = 'due' | 'priority' | 'assign' | 'label';
