// The page's modules are JavaScript without types.

declare module '*/dashboard/page/model.js';
declare module '*/dashboard/page/views.js';
