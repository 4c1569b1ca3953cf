const a: string = "one";
//    ^ binding.name
//                ^^^^^ binding.value
const view = <Input apiKey="two" label={`three`} />;
//                  ^^^^^^ binding.name
//                         ^^^^^ slot.jsx
//                                       ^^^^^ string.value
