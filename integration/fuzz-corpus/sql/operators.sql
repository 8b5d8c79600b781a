select a<=-1, b<>+2, c=@-3, d->'k'->>'j', e#>>'{a,b}', f?&array['x'], g||h, i@>j, k!~*'x', 2!=-1, a--b
+c, a/ *b, *, operator(pg_catalog.+)