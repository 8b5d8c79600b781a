select/**/a--s3cr3t-canary
,/* /* s3cr3t-canary */ 987654321 */b from/*x*/t