select 'it''s s3cr3t-canary', E'a\'s3cr3t-canary', e'\n\\', U&'\0041s3cr3t-canary', u&'d!0061s3cr3t-canary' uescape '!', $$ s3cr3t-canary $$, $tag$ $$ s3cr3t-canary $$ $tag$, 'a'
's3cr3t-canary', 'a' -- x
 's3cr3t-canary'