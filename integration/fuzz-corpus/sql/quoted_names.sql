select "Odd ""name""", "a
b", "semi;colon", "1", U&"d\0061ta" from "Schema"."Table x" as "t-1"