// placeholder table; completed with the check itself
export {};
