/** Limits of the wire and of what may be stored. Lengths are in UTF-16 units, sizes in bytes. */
export const LIMITS = {
  titleLength: 500,
  listTitleLength: 200,
  notesLength: 20_000,
  labelNameLength: 60,
  threadTitleLength: 200,
  messageLength: 32_000,
  nameLength: 100,
  idsInOneCommand: 50,
  filesInOneMessage: 10,
  tasksInList: 20_000,
  subtasksOfTask: 500,
  labelsInList: 200,
  membersInList: 500,
  listsOfPerson: 1_000,
  threadsInList: 1_000,
  queuedRunsInThread: 20,
  scopesInOneOpen: 200,
  /** In one POST of tasks and in one add_tasks call. */
  tasksInOneCall: 100,
  conditionsInOneMutation: 64,
  inFlightMutations: 64,
  queuedMutations: 512,
  /** Socket.IO's maxHttpBufferSize: with less, a title of 1 MB would drop the socket without an answer. */
  frameBytes: 2_000_000,
  httpBodyBytes: 1_000_000,
  openAnswerBytes: 1_000_000,
} as const;
