# Run once in an empty folder that holds examples/ and pictures/: what the lines of commands.txt read.

cat > shape.json <<'END'
{ "type": "object", "properties": { "shape": { "enum": ["circle", "square", "star", "triangle"] }, "color": { "type": "string", "maxLength": 12 } }, "required": ["shape", "color"], "additionalProperties": false }
END
printf '{ "type": "object", "patternProperties": {} }' > unsupported-schema.json
printf '{ "type": ' > broken-schema.json
printf 'root ::= "Yes" | "No"\n' > yes-no.gbnf
printf 'root ::= undefined-rule\n' > undefined-rule.gbnf
printf 'answer ::= "Yes"\n' > no-root.gbnf
printf 'red\ngreen\nblue\n' > labels.txt
printf 'red\n' > one-label.txt
: > empty
mkdir folder

printf 'hello, I am text\n' > text.jpg
head -c 1500 pictures/444.jpg > cut.jpg
head -c 900 examples/shapes.png > cut.png

printf '{"id": 1, "image": "examples/shapes.png", "question": "What color is the circle?", "format": "short"}\n' > one.jsonl
printf '%s\n' \
  '{"id": "own", "image": "examples/shapes.png", "question": "What color is the circle?", "format": "short"}' \
  '{"question_id": 7, "image": "examples/night.png", "text": "How many objects are in the image?", "category": "count", "extra": [1, 2]}' \
  '{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "any", "messages": [{"role": "user", "content": [{"type": "text", "text": "Describe the image."}]}]}}' \
  '{oops' \
  '' \
  '[]' \
  '{"id": "twice", "image": "examples/shapes.png", "question": "What color is the circle?", "format": "short"}' \
  '{"id": "none", "image": "none.png", "question": "x"}' > mixed.jsonl
printf '%s\n' \
  '{"image": "examples/shapes.png", "question": "What color is the circle?", "labels": ["red", "green"], "probabilities": true}' \
  '{"image": "examples/shapes.png", "question": "What color is the star?", "choices": ["red", "blue"], "probabilities": true, "normalise": "length"}' \
  '{"image": "examples/shapes.png", "question": "Is there a red circle in the image?", "yes_no": true}' \
  '{"image": "examples/shapes.png", "question": "What color is the star?", "choices": ["red", "blue"], "unconstrained": true}' \
  '{"image": "examples/shapes.png", "question": "Where is the star?", "logprobs": true}' \
  '{"image": "examples/shapes.png", "question": "What color is the star?", "ocr": ["STOP", "ahead"]}' \
  '{"image": "examples/shapes.png", "question": "Describe the image.", "temperature": 1, "top_p": 0.9, "seed": 3, "max_tokens": 20}' \
  '{"image": "examples/shapes.png", "question": "Describe the circle.", "schema": {"type": "object", "properties": {"color": {"enum": ["red", "blue"]}}, "required": ["color"]}}' \
  '{"image": "examples/shapes.png", "question": "Is there a circle?", "grammar": "root ::= \"Yes\" | \"No\""}' \
  '{"image": "examples/shapes.png", "region": "10,10,200,150"}' \
  '{"image": "examples/shapes.png", "question": "What is marked?", "mark": ["box:10,10,100,100", "point:50,50:blue"]}' \
  '{"image": "examples/shapes.png", "question": "the red circle", "format": "box", "answer": "mine", "model": "mine"}' > fields.jsonl
printf '%s\n' \
  '{"image": 5, "question": "x"}' \
  '{"image": "examples/shapes.png"}' \
  '{"question": "x"}' \
  '{"image": "examples/shapes.png", "question": "x", "format": "poem"}' \
  '{"image": "examples/shapes.png", "question": "x", "choices": ["one"]}' \
  '{"image": "examples/shapes.png", "question": "x", "choices": "red"}' \
  '{"image": "examples/shapes.png", "question": "x", "labels": []}' \
  '{"image": "examples/shapes.png", "question": "x", "temperature": 9}' \
  '{"image": "examples/shapes.png", "question": "x", "seed": "lucky"}' \
  '{"image": "examples/shapes.png", "question": "x", "max_tokens": 0}' \
  '{"image": "examples/shapes.png", "question": "x", "schema": {"type": "object", "patternProperties": {}}}' \
  '{"image": "examples/shapes.png", "question": "x", "grammar": "answer ::= 1"}' \
  '{"image": "examples/shapes.png", "question": "x", "region": "1,2,3"}' \
  '{"image": "examples/shapes.png", "question": "x", "mark": "square:1,2,3,4"}' \
  '{"image": "examples/shapes.png", "question": "x", "yes_no": true, "labels": ["a", "b"]}' \
  '{"image": "data:image/png;base64,AAAA", "question": "x"}' \
  '{"image": "data:oops", "question": "x"}' \
  '{"image": "http://127.0.0.1:9/a.png", "question": "x"}' \
  '{"image": "../outside.png", "question": "x"}' \
  '{"image": "folder", "question": "x"}' \
  '{"image": "text.jpg", "question": "x"}' \
  '{"image": "cut.png", "question": "x"}' \
  '{"image": "empty", "question": "x"}' > bad.jsonl
printf '%s\n' \
  '{"custom_id": "system", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": [{"role": "system", "content": "x"}]}}' \
  '{"custom_id": "tools", "method": "POST", "url": "/v1/chat/completions", "body": {"tools": [], "messages": []}}' \
  '{"custom_id": "stream", "method": "POST", "url": "/v1/chat/completions", "body": {"stream": true, "messages": [{"role": "user", "content": "x"}]}}' \
  '{"custom_id": 5, "method": "POST", "url": "/v1/chat/completions", "body": {}}' \
  '{"custom_id": "url", "method": "POST", "url": "/v1/embeddings", "body": {"messages": []}}' \
  '{"custom_id": "get", "method": "GET", "url": "/v1/chat/completions", "body": {}}' > bad-openai.jsonl
printf '\357\273\277{"id": 1, "image": "examples/pink.png", "format": "caption"}\r\n\r\n{"id": 2, "image": "examples/pink.png", "question": "\377"}\n' > encodings.jsonl

mkdir -p pope/val2014
cp examples/shapes.png examples/night.png pope/val2014
for category in adversarial random popular; do
  printf '%s\n' \
    '{"question_id": 1, "image": "shapes.png", "text": "Is there a red circle in the image?", "label": "yes"}' \
    '{"question_id": 2, "image": "night.png", "text": "Is there a pink star in the image?", "label": "no"}' \
    > "pope/coco_pope_$category.json"
done
printf '%s\n' \
  '{"question_id": 1, "text": "Yes"}' '{"question_id": 2, "text": "No"}' \
  '{"question_id": 10000001, "text": "Yes"}' '{"question_id": 10000002, "text": "Yes"}' \
  '{"question_id": 20000001, "text": "No"}' '{"question_id": 20000002, "text": "No"}' > pope/said.jsonl

printf '{"max-tokens": 3}' > settings.json
printf '{"temprature": 1}' > unknown-setting.json
printf '{"temperature": 9}' > wrong-setting.json
printf '{model' > broken-setting.json
