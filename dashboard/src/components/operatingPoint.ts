/** What bitrate and quality of an experiment stand for where there is one figure of each. */
export const OPERATING_POINT = "means over the development clips at the second lowest quality";
