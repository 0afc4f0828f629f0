/** `npm run chaos [-- --minutes 2 --clients 200 --seed 7 --rounds 20]`: breaks the running product. All of it lives in proof/. */
import '../proof/src/chaos/main.ts';
