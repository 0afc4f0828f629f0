/** The same people as in teams, for as long as one likes: only its size is another. */
export { default, handleSummary, options, setup } from './teams.ts';
