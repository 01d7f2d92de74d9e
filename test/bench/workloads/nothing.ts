// A module that does nothing: a bare start of Node, to compare with.
export {};
